import { nn, type Tensor } from "tapegrad";

/** LeNet with ReLU and max pooling, for 32x32 colour images. */
export class LeNet extends nn.Module {
  conv1 = new nn.Conv2d(3, 6, 5);
  conv2 = new nn.Conv2d(6, 16, 5);
  pool = new nn.MaxPool2d(2);
  fc1 = new nn.Linear(16 * 5 * 5, 120);
  fc2 = new nn.Linear(120, 84);
  fc3 = new nn.Linear(84, 10);

  override forward(x: Tensor): Tensor {
    let h = this.pool.forward(this.conv1.forward(x).relu());
    h = this.pool.forward(this.conv2.forward(h).relu());
    h = this.fc1.forward(h.flatten(1)).relu();
    h = this.fc2.forward(h).relu();
    return this.fc3.forward(h);
  }
}
